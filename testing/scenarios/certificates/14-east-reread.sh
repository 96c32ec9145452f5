ipsec auto --rereadcrls
