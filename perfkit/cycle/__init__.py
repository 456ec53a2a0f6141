"""The stages of the cycle of budget performance management; they never import each other, they meet in tables."""
