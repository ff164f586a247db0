// Package diagnosis makes the mistakes that people make when they set trusted
// identity propagation up, one at a time, in a lab whose world works, and has
// tip-cli diag find each of them. The fix that is printed is run, with the real AWS
// CLI where it is one of AWS, and the world must work again. It holds tests only.
package diagnosis
