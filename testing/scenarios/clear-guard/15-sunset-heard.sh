wait_for 5 grep -qx after /run/modswan/heard.txt
printf '%s\n' ready before protected after | diff - /run/modswan/heard.txt
