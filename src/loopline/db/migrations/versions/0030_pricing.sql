create schema pricing;
