"""Tools that prepare, check and measure the project; none is needed once the server runs."""
