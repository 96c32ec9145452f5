"${peer}_stop"
