create schema fulfilment;
