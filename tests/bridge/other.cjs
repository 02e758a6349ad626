// Something else that an operator has loaded into his server.
console.error('the other is here');
