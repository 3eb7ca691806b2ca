create schema touchpoints;
