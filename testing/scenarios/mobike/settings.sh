mobike=yes road_left=%defaultroute
[ "$client$server" != modswanmodswan ] || encapsulation=auto
