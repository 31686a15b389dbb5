"""The next question, the answer kept, the response completed."""
