# Members and values that the generator does not know.
s/^  string json_type = 13;/&\n  \/\/ New.\n  bool colour = 99;/
s/^    VISIBLE_ASCII = 8;/&\n    \/\/ New.\n    RED = 99;/
