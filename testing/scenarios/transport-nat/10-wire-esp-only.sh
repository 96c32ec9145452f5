capture_stop public
only_esp_on_wire public 100 natt
