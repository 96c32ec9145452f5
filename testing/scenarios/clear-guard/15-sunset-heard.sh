wait_for 20 grep -qx after /run/modswan/heard.txt
printf '%s\n' ready before protected after | diff - /run/modswan/heard.txt
