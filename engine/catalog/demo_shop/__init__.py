"""The demo shop: a synthetic fashion shop, generated from a seed.

Nothing in it is real: garments, labels, shoppers, orders and reviews are drawn from the distributions
in this package, and the pictures are drawings. It lets every feature be tried at once, and because its
true parameters are kept (`DemoShop.truth`), tests can compare what the engine infers with what is so.
Claims about quality are never made on it.

What is true in it:

- Taste: garments and shoppers are mixes of six styles that no column tells; shoppers also lean to
  colours, labels, categories and a price level. Labels, patterns, colours and copy follow style.
- Demand: units at the same views follow `(price / launch price) ** -elasticity`, by category, times a
  lift while a promotion is named. Views follow taste, season, life cycle and own appeal, not price cuts.
- Life: garments arrive by season and leave after four to eight months, with markdowns before; a tenth
  is core range. Counts of stock follow what was sold and what came back.
- Fit: labels cut smaller or larger than their size; misfit drives returns, ratings and words.
- Known biases: plus sizes (44 and up) are shown new arrivals with a fifth of the weight that others see
  them with (about 0.4 times the odds among their views), and clothing of those sizes is cut 0.45 sizes small.
"""

from engine.catalog.demo_shop._shop import DemoShop, Progress, generate

__all__ = ["DemoShop", "Progress", "generate"]
