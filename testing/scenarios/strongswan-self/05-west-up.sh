swanctl --initiate --child west-east
