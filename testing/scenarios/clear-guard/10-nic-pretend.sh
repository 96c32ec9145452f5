say_as $east_client $west_client up
