"""What a unit learns of its own follow-up: rates, times, means and change, in figures that name nobody."""
