//! The load balancers that may sign, and where their public keys are published.
//!
//! AWS: "Authenticate users using an Application Load Balancer", section "User claims encoding
//! and signature verification": check the signer's ARN, and fetch the key from the region's
//! address, which differs in AWS GovCloud (US).

use std::{fmt, str::FromStr};

use url::Url;

/// `arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoadBalancerArn {
    arn: String,
    partition: String,
    region: String,
}

impl LoadBalancerArn {
    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// Where this load balancer's keys are published, each at `{base}/{kid}`; nothing for a
    /// partition whose place AWS has not published.
    #[must_use]
    pub fn public_keys(&self) -> Option<Url> {
        let region = &self.region;
        let address = match self.partition.as_str() {
            "aws" => format!("https://public-keys.auth.elb.{region}.amazonaws.com/"),
            "aws-us-gov" => {
                format!("https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}/")
            }
            _ => return None,
        };
        Url::parse(&address).ok()
    }
}

impl FromStr for LoadBalancerArn {
    type Err = NotALoadBalancer;

    fn from_str(arn: &str) -> Result<Self, NotALoadBalancer> {
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next().filter(|part| !part.is_empty()).ok_or(NotALoadBalancer);
        let (scheme, partition, service) = (part()?, part()?, part()?);
        let (region, account, resource) = (part()?, part()?, part()?);

        let names: Vec<&str> = resource.split('/').collect();
        let is_application = matches!(names[..], ["loadbalancer", "app", name, id] if !name.is_empty() && !id.is_empty());
        let plain = |text: &str| {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let is_arn = scheme == "arn"
            && service == "elasticloadbalancing"
            && plain(partition)
            && plain(region)
            && account.bytes().all(|b| b.is_ascii_digit());
        if !(is_arn && is_application) {
            return Err(NotALoadBalancer);
        }
        Ok(Self { arn: arn.to_owned(), partition: partition.to_owned(), region: region.to_owned() })
    }
}

impl fmt::Display for LoadBalancerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

/// A string that is no ARN of an application load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the ARN of an application load balancer \
     (arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID)"
)]
pub struct NotALoadBalancer;

#[cfg(test)]
mod tests {
    use super::LoadBalancerArn;

    fn keys_of(arn: &str) -> Option<String> {
        arn.parse::<LoadBalancerArn>().unwrap().public_keys().map(String::from)
    }

    #[test]
    fn keys_are_in_the_load_balancers_own_region() {
        assert_eq!(
            keys_of("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1")
                .unwrap(),
            "https://public-keys.auth.elb.eu-west-1.amazonaws.com/"
        );
    }

    #[test]
    fn govcloud_publishes_its_keys_in_s3() {
        assert_eq!(
            keys_of("arn:aws-us-gov:elasticloadbalancing:us-gov-east-1:123456789012:loadbalancer/app/a/1").unwrap(),
            "https://s3-us-gov-east-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-east-1/"
        );
    }

    #[test]
    fn a_partition_without_a_published_place_has_none() {
        assert_eq!(
            keys_of("arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/1"),
            None
        );
    }

    #[test]
    fn network_load_balancers_and_other_strings_are_refused() {
        for arn in [
            "",
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/1",
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a",
            "arn:aws:s3:eu-west-1:123456789012:loadbalancer/app/a/1",
            "arn:aws:elasticloadbalancing:evil.example/:123456789012:loadbalancer/app/a/1",
        ] {
            assert!(arn.parse::<LoadBalancerArn>().is_err(), "{arn}");
        }
    }
}
