"""Writers of tables, one module for each file format. `ravine.data.formats` lists them."""
