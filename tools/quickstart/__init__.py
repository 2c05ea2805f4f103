"""The maker of the data of the quickstart benchmark; it is no part of the installed package (see make_data)."""
