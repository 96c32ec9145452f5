# private for west's network, and nobody has published a key for japan
ping_fails 192.1.2.23
