"""The shop as customers see it, on a phone first: what a code leads to, buying, the order, and what is kept of them.

Pages need no script: every step is a link or a form. `shop.js` makes them smoother. Nobody sees another's order.
"""
