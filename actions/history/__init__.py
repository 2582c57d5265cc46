"""Our own record: what was asked, decided and done, and a chain that shows when somebody changed it."""
