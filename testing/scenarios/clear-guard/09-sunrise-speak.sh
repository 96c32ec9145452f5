ping_ok $west_client
say_as $east_client $west_client protected
