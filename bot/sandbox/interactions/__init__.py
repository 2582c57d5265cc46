"""What people do: commands, buttons, modals, Home; as payloads for the app, and what it answers."""
