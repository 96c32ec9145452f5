serve_bytes $north_client
datagrams_serve $north_client
