// What tools and scopes are called towards people. Others are shown as they are.

const TOOLS = {
  github_get_profile: "look at your profile",
  github_list_repositories: "list your repositories",
  github_search_repositories: "search repositories",
  github_read_contents: "read files",
  github_search_code: "search code",
  github_list_commits: "list commits",
  github_list_issues: "list issues",
  github_read_issue: "read an issue",
  github_create_issue: "create an issue",
  github_comment_on_issue: "comment",
  github_list_pull_requests: "list pull requests",
  github_read_pull_request: "read a pull request",
};
const ACTS = {
  github_create_issue: { question: "Create this issue?", act: "Create issue" },
  github_comment_on_issue: { question: "Write this comment?", act: "Comment" },
};
const SCOPES = {
  "read:user": "read your profile and what is public",
  public_repo: "read and write your public repositories",
  repo: "read and write all your repositories, also private ones. GitHub has no narrower scope for them",
};

export const toolWords = (name) => TOOLS[name] ?? name.replaceAll("_", " ");
export const act = (name) => ACTS[name] ?? { question: `Do this: ${name}?`, act: "Approve" };
export const scopeWords = (scope) => SCOPES[scope];
/** `github` in `my-stack-github` is GitHub to people. */
export const label = (provider) => (/(^|-)github$/i.test(provider) ? "GitHub" : provider);
