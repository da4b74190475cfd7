/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.h"

/* -1 as an id means "leave it as it is" to the kernel: never take it. */
static bool number(const char *s, uint32_t *id)
{
	uint64_t v;

	if (!text_to_u64(s, strlen(s), &v) || v >= UINT32_MAX) {
		return false;
	}
	*id = (uint32_t)v;
	return true;
}

static bool find_user(const char *name, struct identity *id)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw && number(name, &id->uid)) {
		pw = getpwuid(id->uid);
		if (!pw) {
			id->gid = getgid();
			return true;
		}
	}
	if (!pw) {
		return false;
	}
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	(void)snprintf(id->user, sizeof(id->user), "%s", pw->pw_name);
	return true;
}

static bool find_group(const char *name, struct identity *id)
{
	const struct group *gr = getgrnam(name);

	id->group_given = true;
	if (gr) {
		id->gid = gr->gr_gid;
		return true;
	}
	return number(name, &id->gid);
}

bool privs_find(const char *spec, struct identity *id,
		char reason[PRIVS_REASON])
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	char user[64];

	*id = (struct identity){ .given = true };
	(void)snprintf(user, sizeof(user), "%.*s", (int)len, spec);
	if (len >= sizeof(user) || !find_user(user, id)) {
		(void)snprintf(reason, PRIVS_REASON, "Cannot find user `%s'",
			       user);
		return false;
	}
	if (colon && !find_group(colon + 1, id)) {
		(void)snprintf(reason, PRIVS_REASON, "Cannot find group `%s'",
			       colon + 1);
		return false;
	}
	return true;
}

bool privs_jail(const char *dir, char reason[PRIVS_REASON])
{
	if (chdir(dir) != 0) {
		(void)snprintf(reason, PRIVS_REASON,
			       "Cannot chdir() to `%s': %s", dir,
			       strerror(errno));
		return false;
	}
	if (chroot(dir) != 0 || chdir("/") != 0) {
		(void)snprintf(reason, PRIVS_REASON,
			       "Cannot chroot() to `%s': %s", dir,
			       strerror(errno));
		return false;
	}
	return true;
}

/* Keeps of `wanted` what we are permitted now; forgets everything else. */
static bool keep_capabilities(const cap_value_t *wanted, int count)
{
	cap_t had = cap_get_proc(), keep = cap_init();
	bool ok = had && keep;

	for (int i = 0; ok && i < count; i++) {
		cap_flag_value_t permitted;

		ok = cap_get_flag(had, wanted[i], CAP_PERMITTED, &permitted) ==
		     0;
		if (ok && permitted == CAP_SET) {
			ok = cap_set_flag(keep, CAP_PERMITTED, 1, &wanted[i],
					  CAP_SET) == 0 &&
			     cap_set_flag(keep, CAP_EFFECTIVE, 1, &wanted[i],
					  CAP_SET) == 0;
		}
	}
	ok = ok && cap_set_proc(keep) == 0;
	if (had) {
		cap_free(had);
	}
	if (keep) {
		cap_free(keep);
	}
	return ok;
}

/* Needs CAP_SETPCAP, hence before the others go; without it, nothing is lost:
 * what is not in the bounding set's way cannot be regained without exec. */
static void empty_bounding_set(void)
{
	for (cap_value_t c = 0; cap_get_bound(c) >= 0; c++) {
		(void)cap_drop_bound(c);
	}
	(void)cap_reset_ambient();
}

static bool become(const struct identity *id)
{
	/* Groups first: afterwards we may not (K1). */
	if (id->group_given || !id->user[0]
		    ? setgroups(1, &id->gid) != 0
		    : initgroups(id->user, id->gid) != 0) {
		return false;
	}
	if (setresgid(id->gid, id->gid, id->gid) != 0 ||
	    setresuid(id->uid, id->uid, id->uid) != 0) {
		return false;
	}
	uid_t real_uid, effective_uid, saved_uid;
	gid_t real_gid, effective_gid, saved_gid;

	if (getresuid(&real_uid, &effective_uid, &saved_uid) != 0 ||
	    getresgid(&real_gid, &effective_gid, &saved_gid) != 0) {
		return false;
	}
	return real_uid == id->uid && effective_uid == id->uid &&
	       saved_uid == id->uid && real_gid == id->gid &&
	       effective_gid == id->gid && saved_gid == id->gid;
}

bool privs_drop(const struct identity *id, bool bind, char reason[PRIVS_REASON])
{
	static const cap_value_t wanted[] = { CAP_SYS_TIME,
					      CAP_NET_BIND_SERVICE };

	empty_bounding_set();
	if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0 || !become(id)) {
		(void)snprintf(reason, PRIVS_REASON,
			       "Cannot become user %lu, group %lu: %s",
			       (unsigned long)id->uid, (unsigned long)id->gid,
			       strerror(errno));
		return false;
	}
	if (!keep_capabilities(wanted, bind ? 2 : 1) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) {
		(void)snprintf(reason, PRIVS_REASON,
			       "Cannot keep the right to set the clock: %s",
			       strerror(errno));
		return false;
	}
	/* The way back must be closed (K1). */
	if (id->uid != 0 && setuid(0) == 0) {
		(void)snprintf(reason, PRIVS_REASON,
			       "Dropping privileges did not hold");
		return false;
	}
	return true;
}

void privs_borrow(const struct identity *id)
{
	if (id->given && geteuid() == 0) {
		(void)setfsgid(id->gid);
		(void)setfsuid(id->uid);
	}
}

void privs_give_back(void)
{
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
}

void privs_drop_all(void)
{
	empty_bounding_set();
	(void)keep_capabilities(NULL, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
}
