"""Promoting 推广: what a promoter sees on the phone — what to share, who came, what it earned. Owns no tables."""
