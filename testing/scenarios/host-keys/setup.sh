authby=${authby:-rsasig}
