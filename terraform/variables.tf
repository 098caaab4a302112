variable "name" {
  description = "Begins the name of everything."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "A lower-case name of at most 31 characters."
  }
}

variable "domain_name" {
  description = "The application's host name."
  type        = string
}

variable "model_id" {
  description = "Model or inference profile on Amazon Bedrock, by id or ARN. No default, because models retire."
  type        = string
  validation {
    condition     = can(regex("^([a-z0-9][A-Za-z0-9.-]*(:[0-9]+)*|arn:aws[a-z-]*:bedrock:[a-z0-9-]*:(\\d{12})?:[a-z-]+/[A-Za-z0-9.:-]+)$", var.model_id))
    error_message = "The id or the ARN of a model or of an inference profile."
  }
}

variable "github_client_id" {
  description = "Client id of the app at GitHub."
  type        = string
}

variable "github_app" {
  description = "Name of the GitHub App that the client id is of, as in https://github.com/apps/NAME; null for an OAuth app."
  type        = string
  default     = null
  validation {
    condition     = var.github_app == null || can(regex("^[a-z0-9-]{1,100}$", var.github_app))
    error_message = "The app's name as its address has it."
  }
}

variable "github_client_secret_arn" {
  description = "Secrets Manager secret with that app's secret under the JSON key client_secret."
  type        = string
}

variable "github_client_secret_key_arn" {
  description = "Your own KMS key of that secret; null where Secrets Manager encrypts it with AWS's."
  type        = string
  default     = null
}

variable "oauth_providers" {
  description = "OAuth2 credential providers beside GitHub's, for MCP servers, by name; each is called NAME-KEY."
  type = map(object({
    issuer                 = string
    authorization_endpoint = string
    token_endpoint         = string
    client_id              = string
    # Secrets Manager secret with the app's secret under the JSON key client_secret.
    client_secret_arn = string
  }))
  default = {}
  validation {
    condition     = alltrue([for key in keys(var.oauth_providers) : can(regex("^[a-z][a-z0-9-]{0,30}$", key)) && key != "github"])
    error_message = "Lower-case names of at most 31 characters, none of them github."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, the audit trail among them."
  type        = number
  default     = 365
}

variable "zips" {
  description = "Zip files of the functions, by service (invoke, bind-session); null for none."
  type        = map(string)
  default     = null
  validation {
    condition     = var.zips == null || length(setsubtract(["invoke", "bind-session"], keys(coalesce(var.zips, {})))) == 0
    error_message = "One zip for invoke and one for bind-session."
  }
}

variable "images" {
  description = "Images of the tasks, by service (invoke, bind-session); null for none."
  type        = map(string)
  default     = null
  validation {
    condition     = var.images == null || length(setsubtract(["invoke", "bind-session"], keys(coalesce(var.images, {})))) == 0
    error_message = "One image for invoke and one for bind-session."
  }
}

variable "environment" {
  description = "What else both services are to know: ALB_ARN, OIDC_ISSUER, OIDC_CLIENT_ID, ALLOW_CLAIM, MCP_SERVERS, MCP_AUDIENCE, …"
  type        = map(string)
  default     = {}
}

variable "architecture" {
  description = "Processor of the functions and tasks."
  type        = string
  default     = "arm64"
  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "arm64 or x86_64."
  }
}

variable "turn_seconds" {
  description = "How long one turn of the agent may take."
  type        = number
  default     = 60
}
