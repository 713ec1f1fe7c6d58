"""What all pages share: navigation, the one Engine, the product wall, charts, cards, links."""
