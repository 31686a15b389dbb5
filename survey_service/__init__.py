"""The survey service: care units order, patients answer, care receives first, registers pull second."""
