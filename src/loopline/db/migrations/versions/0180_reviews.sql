create schema reviews;
