capture_stop public
only_esp_on_wire public 10 $wire_kind
