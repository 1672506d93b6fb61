"""A day at a contact centre, played at speed: the stories, their sending, the desk that answers."""
