west_address=192.1.2.45 west_net=192.0.1.0/24 west_client=192.0.1.1
east_address=192.1.2.23 east_net=192.0.2.0/24 east_client=192.0.2.1
