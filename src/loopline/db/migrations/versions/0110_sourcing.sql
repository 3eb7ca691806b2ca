create schema sourcing;
