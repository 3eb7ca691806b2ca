create schema returns;
