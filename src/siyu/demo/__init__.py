"""A merchant to try Siyu with: a made-up grocery-and-beauty chain, its pictures, its people and ninety days of trade."""
