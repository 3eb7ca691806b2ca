"""The made-up brand 岚织 Lanzhi: its stores and people, its goods, and the days it lives through, over HTTP."""
