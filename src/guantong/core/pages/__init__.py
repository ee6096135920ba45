"""Pages that every resource gets from its declaration, and the frame around them."""
