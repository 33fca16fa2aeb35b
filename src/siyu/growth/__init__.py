"""Growth 运营: people who bring people, paid from sales only."""
