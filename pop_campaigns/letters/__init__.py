"""Official letters: register, recipients, delivery, deadline, response, case."""
