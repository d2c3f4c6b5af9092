// SPDX-License-Identifier: Apache-2.0
#include "record/listener.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

enum {
	TIMEOUT_S = 10, // of a reader that does not read
	HEADERS_MAX = 8192,
	HOST_MAX = 64,
	PORT_MAX = 65535,
};

struct listener {
	struct event_base *base;
	struct evhttp *http;
	struct event *ending;
	int end[2]; // a pipe: closed to end the thread
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock; // of the text
	char *text;
	size_t len;
};

static void answer(struct evhttp_request *request, void *arg)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();
	struct listener *l = arg;

	if (!body) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	pthread_mutex_lock(&l->lock);
	evbuffer_add(body, l->text, l->len);
	pthread_mutex_unlock(&l->lock);
	evhttp_add_header(headers, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	evhttp_send_reply(request, HTTP_OK, "OK", body);
	evbuffer_free(body);
}

static void end_loop(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	event_base_loopbreak(l->base);
}

static void *serve(void *arg)
{
	struct listener *l = arg;

	event_base_dispatch(l->base);
	return NULL;
}

static bool parse_address(const char *address, char host[HOST_MAX], int *port, struct fail *why)
{
	const char *colon = strrchr(address, ':'), *digits = colon ? colon + 1 : address;
	size_t len = colon ? (size_t)(colon - address) : 0;
	char *end;
	long n = strtol(digits, &end, 10);

	if (*digits < '0' || *digits > '9' || *end || n < 1 || n > PORT_MAX || len >= HOST_MAX)
		return fail(why, FAIL_CORRUPT,
			    "'%s' is no address to listen at: 9404, 0.0.0.0:9404, [::1]:9404",
			    address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		memcpy(host, address + 1, len - 2);
		host[len - 2] = '\0';
	} else {
		memcpy(host, address, len);
		host[len] = '\0';
	}
	if (!*host)
		strcpy(host, "127.0.0.1");
	*port = (int)n;
	return true;
}

// Signals are the main thread's.
static bool start(struct listener *l, struct fail *why)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&l->thread, NULL, serve, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->runs = !failed;
	return l->runs || fail_errno(why, failed, "a thread");
}

bool listener_open(const char *address, struct listener **out, struct fail *why)
{
	struct listener *l;
	char host[HOST_MAX];
	int port = 0;

	if (!parse_address(address, host, &port, why))
		return false;
	l = calloc(1, sizeof(*l));
	if (!l)
		return fail(why, FAIL_OS, "no memory");
	pthread_mutex_init(&l->lock, NULL);
	l->end[0] = l->end[1] = -1;
	l->base = event_base_new();
	l->http = l->base ? evhttp_new(l->base) : NULL;
	if (!l->http || pipe2(l->end, O_CLOEXEC)) {
		listener_close(l);
		return fail(why, FAIL_OS, "no memory or descriptors to listen with");
	}
	evhttp_set_timeout(l->http, TIMEOUT_S);
	evhttp_set_max_headers_size(l->http, HEADERS_MAX);
	evhttp_set_max_body_size(l->http, 0);
	evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_cb(l->http, "/metrics", answer, l);
	l->ending = event_new(l->base, l->end[0], EV_READ, end_loop, l);
	if (evhttp_bind_socket(l->http, host, (ev_uint16_t)port)) {
		int code = errno;

		listener_close(l);
		return fail_errno(why, code, "listening at %s", address);
	}
	if (!l->ending || event_add(l->ending, NULL) || !start(l, why)) {
		listener_close(l);
		return false;
	}
	*out = l;
	return true;
}

void listener_set(struct listener *l, const char *text, size_t len)
{
	char *copy = malloc(len + 1), *old;

	if (!copy)
		return;
	memcpy(copy, text, len);
	pthread_mutex_lock(&l->lock);
	old = l->text;
	l->text = copy;
	l->len = len;
	pthread_mutex_unlock(&l->lock);
	free(old);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->end[1] >= 0)
		close(l->end[1]); // wakes the thread, which ends
	if (l->runs)
		pthread_join(l->thread, NULL);
	if (l->ending)
		event_free(l->ending);
	if (l->http)
		evhttp_free(l->http);
	if (l->base)
		event_base_free(l->base);
	if (l->end[0] >= 0)
		close(l->end[0]);
	pthread_mutex_destroy(&l->lock);
	free(l->text);
	free(l);
}
