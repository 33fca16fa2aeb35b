"""接: adapters that speak the protocols of the outside (WeChat Pay, WeChat, Alipay, SMS), and the sandbox opposite."""
