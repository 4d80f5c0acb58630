/* The device as the driver sees it: queues, config space, reset, registration. */
#define _GNU_SOURCE
#include <sys/uio.h>
#include <unistd.h>

#include "runtime.h"

/* -- queues: only their order and the number of free entries matter */

static struct queue *queue_of(const struct virtqueue *vq)
{
	struct queue *queue = container_of((struct virtqueue *)vq, struct queue, vq);

	hp_section_ends();
	if (queue < hp_m->queues || queue >= hp_m->queues + QUEUES || !queue->exists)
		hp_bug("a queue is used that does not exist (any more)");
	return queue;
}

/* The id in an out buffer, as it is now. */
static u32 content_of(const struct scatterlist *sg, int out)
{
	const struct element element = { .address = sg->address, .length = sg->length, .out = 1 };

	return out && sg->length >= sizeof(u32) ? hp_payload(&element) : 0;
}

static int add(const void *site, struct virtqueue *vq, struct scatterlist *sg, unsigned int n, void *cookie, int out)
{
	struct queue *queue = queue_of(vq);
	struct element *row = &hp_m->elements[queue->first];
	u64 where = vq->index | (u64)out << 8 | (u64)n << 16;
	int full;

	hp_point(OP_ADD, site, where, sg->address, sg->length);
	queue = queue_of(vq);
	if (hp_m->broken || (hp_settings.add_fails && ++hp_m->added % hp_settings.add_fails == 0))
		return -EIO;
	full = vq->num_free < n;
	hp_note(OP_ADD, site, where | (u64)full << 32, sg->address, sg->length | (u64)content_of(sg, out) << 32);
	if (full)
		return -ENOSPC;
	if (hp_on_a_stack(sg->address))
		hp_bug("a buffer on a stack is given to the device, which may use it when the function has returned");
	if (!cookie)
		hp_bug("a buffer is added with no token to know it by");
	if (queue->used + queue->taken + queue->available == queue->capacity)
		hp_bug("more buffers on a queue than this harness has room for");
	row[queue->used + queue->taken + queue->available++] = (struct element){ sg->address, cookie, sg->length, out, n };
	vq->num_free -= n;
	return 0;
}

int virtqueue_add_outbuf(struct virtqueue *vq, struct scatterlist *sg, unsigned int n, void *cookie, gfp_t flags)
{
	(void)flags;
	return add(SITE, vq, sg, n, cookie, 1);
}

int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist *sg, unsigned int n, void *cookie, gfp_t flags)
{
	(void)flags;
	return add(SITE, vq, sg, n, cookie, 0);
}

/* Lists in one buffer: each is an entry for each of its members. A buffer goes one way in this harness. */
int virtqueue_add_sgs(struct virtqueue *vq, struct scatterlist *lists[], unsigned int out, unsigned int in, void *cookie,
		      gfp_t flags)
{
	unsigned int n = 0;

	(void)flags;
	if (out && in)
		hp_bug("a buffer both to the device and from it: this harness has none");
	for (unsigned int i = 0; i < out + in; i++)
		n += sg_nents(lists[i]);
	return add(SITE, vq, lists[0], n, cookie, out != 0);
}

static bool kick(const void *site, struct virtqueue *vq)
{
	queue_of(vq);
	hp_point(OP_KICK, site, vq->index, 0, 0);
	queue_of(vq);
	hp_note(OP_KICK, site, vq->index, 0, 0);
	return !hp_m->broken;
}

bool virtqueue_kick(struct virtqueue *vq)
{
	return kick(SITE, vq);
}

bool virtqueue_notify(struct virtqueue *vq)
{
	return kick(SITE, vq);
}

bool virtqueue_kick_prepare(struct virtqueue *vq)
{
	return queue_of(vq) != NULL;
}

void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *length)
{
	struct queue *queue = queue_of(vq);
	struct element *row = &hp_m->elements[queue->first], got = { 0 };

	hp_point(OP_GET_BUF, SITE, vq->index, 0, 0);
	queue = queue_of(vq);
	if (queue->used && !hp_m->broken) {
		int count = queue->used + queue->taken + queue->available;

		got = row[0];
		for (int i = 1; i < count; i++)
			row[i - 1] = row[i];
		memset(&row[count - 1], 0, sizeof(*row));
		queue->used--;
		vq->num_free += got.count;
		*length = got.out ? 0 : got.length;
	}
	hp_note(OP_GET_BUF, SITE, vq->index, (u64)got.cookie, vq->num_free);
	return got.cookie;
}

void *virtqueue_detach_unused_buf(struct virtqueue *vq)
{
	struct queue *queue = queue_of(vq);
	struct element *last;
	void *cookie;

	if (!queue->available)
		return NULL;
	last = &hp_m->elements[queue->first + queue->used + queue->taken + --queue->available];
	cookie = last->cookie;
	vq->num_free += last->count;
	memset(last, 0, sizeof(*last));
	return cookie;
}

unsigned int virtqueue_get_vring_size(const struct virtqueue *vq)
{
	return queue_of(vq)->size;
}

bool virtqueue_is_broken(const struct virtqueue *vq)
{
	queue_of(vq);
	return hp_m->broken;
}

void virtqueue_disable_cb(struct virtqueue *vq)
{
	queue_of(vq);
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	return !queue_of(vq)->used;
}

/* -- the device's side of the queues */

/* The device takes the oldest available element; 0, or -1 if there is none. */
int hp_pop(int number)
{
	struct queue *queue = &hp_m->queues[number];

	if (!queue->exists || !queue->available)
		return -1;
	queue->available--;
	queue->taken++;
	return 0;
}

/* The device is through with one of the elements that it took, counted from the oldest. */
int hp_use(int number, int taken)
{
	struct queue *queue = &hp_m->queues[number];
	struct element *row = &hp_m->elements[queue->first], done;

	if (!queue->exists || taken < 0 || taken >= queue->taken)
		return -1;
	done = row[queue->used + taken];
	for (int i = queue->used + taken; i > queue->used; i--)
		row[i] = row[i - 1];
	row[queue->used] = done;
	queue->used++;
	queue->taken--;
	return 0;
}

/* What is at an address; 0, or -1 if nothing is: a wild address is no fault here. */
int hp_read_at(u64 address, u32 size, void *to)
{
	struct iovec here = { to, size }, there = { (void *)address, size };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == size ? 0 : -1;
}

/* The first 32 bits of an out buffer, as they are NOW; all ones if nothing is there. */
u64 hp_payload(const struct element *element)
{
	u32 value = ~0U;

	if (element->address >= (u64)hp_heap && element->address <= (u64)hp_heap + HEAP - sizeof(value))
		memcpy(&value, (const u8 *)element->address, sizeof(value));
	else if (hp_read_at(element->address, sizeof(value), &value))
		value = ~0U;
	return value;
}

/* -- the transport */

/* The hint queue comes after those for inflating, deflating and, if there is one, statistics. */
static int find(struct virtio_device *vdev, unsigned int number, const char *name, vq_callback_t *callback)
{
	struct queue *queue = &hp_m->queues[number];
	int is_hint = virtio_has_feature(vdev, 3) && number == 2U + virtio_has_feature(vdev, 1);
	u32 size = is_hint ? hp_settings.ring : hp_settings.other_rings;

	queue->vq = (struct virtqueue){ callback, name, vdev, number, size, size, NULL };
	queue->size = size;
	queue->exists = 1;
	return is_hint;
}

/* Queues are numbered over those that exist; the hint queue has the most room. */
static int find_all(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[], vq_callback_t *callbacks[],
		    const char *const names[])
{
	int first = 0, number = 0;

	hp_atomic_check("queues are made where it is forbidden to sleep");
	if (n > QUEUES)
		return -ENOENT;
	if (hp_fails())
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		vqs[i] = NULL;
		if (!names[i])
			continue;
		hp_m->queues[number].first = first;
		hp_m->queues[number].capacity = find(vdev, number, names[i], callbacks[i]) ? HINT_ELEMENTS : 4;
		first += hp_m->queues[number].capacity;
		if (first > ELEMENTS)
			hp_bug("more queues than this harness has room for");
		vqs[i] = &hp_m->queues[number++].vq;
	}
	return 0;
}

int hp_find_vqs(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[], vq_callback_t *callbacks[],
		const char *const names[])
{
	hp_point(OP_FIND_VQS, SITE, n, 0, 0);
	return find_all(vdev, n, vqs, callbacks, names);
}

int hp_find_vqs_info(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[], struct virtqueue_info info[])
{
	vq_callback_t *callbacks[QUEUES] = { 0 };
	const char *names[QUEUES] = { 0 };

	hp_point(OP_FIND_VQS, SITE, n, 0, 0);
	for (unsigned int i = 0; i < n && i < QUEUES; i++) {
		callbacks[i] = info[i].callback;
		names[i] = info[i].name;
	}
	return find_all(vdev, n, vqs, callbacks, names);
}

static int find_by_operation(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[],
			     vq_callback_t *callbacks[], const char *const names[], const bool *context,
			     struct irq_affinity *affinity)
{
	(void)context;
	(void)affinity;
	return hp_find_vqs(vdev, n, vqs, callbacks, names);
}

static void del_vqs(struct virtio_device *vdev)
{
	(void)vdev;
	hp_atomic_check("queues are deleted where it is forbidden to sleep");
	hp_point(OP_DEL_VQS, SITE, 0, 0, 0);
	if (hp_m->ready)
		hp_bug("queues are deleted that the device may still use: it was not reset");
	hp_note(OP_DEL_VQS, SITE, 0, 0, 0);
	memset(hp_m->queues, 0, sizeof(hp_m->queues));
	memset(hp_m->elements, 0, sizeof(hp_m->elements));
}

/* After a reset the device neither takes nor returns anything. */
static void reset(struct virtio_device *vdev)
{
	(void)vdev;
	hp_point(OP_RESET, SITE, 0, 0, 0);
	hp_note(OP_RESET, SITE, 0, 0, 0);
	hp_m->ready = 0;
	for (int i = 0; i < QUEUES; i++) {
		struct queue *queue = &hp_m->queues[i];

		memset(&hp_m->elements[queue->first], 0, queue->capacity * sizeof(struct element));
		queue->used = queue->taken = queue->available = 0;
		queue->vq.num_free = queue->size;
	}
}

void virtio_reset_device(struct virtio_device *vdev)
{
	reset(vdev);
}

/* The core's part of a shutdown: no queue takes a buffer any more, nobody is called back, and the device is reset. */
void virtio_device_shutdown(struct virtio_device *vdev)
{
	hp_m->broken = 1;
	hp_m->listening = 0;
	reset(vdev);
}

void virtio_break_device(struct virtio_device *vdev)
{
	(void)vdev;
	hp_section_ends();
	hp_m->broken = 1;
}

void __virtio_unbreak_device(struct virtio_device *vdev)
{
	(void)vdev;
	hp_section_ends();
	hp_m->broken = 0;
}

void virtio_device_ready(struct virtio_device *vdev)
{
	(void)vdev;
	hp_point(OP_READY, SITE, 0, 0, 0);
	hp_note(OP_READY, SITE, 0, 0, 0);
	hp_m->ready = 1;
}

void hp_config_read(struct virtio_device *vdev, unsigned int offset, void *to, unsigned int size)
{
	u64 value = 0;

	(void)vdev;
	if (offset + size > CONFIG || size > sizeof(value))
		hp_bug("config space is read past its end");
	hp_point(OP_CONFIG_READ, SITE, offset, size, 0);
	memcpy(&value, &hp_m->config[offset], size);
	hp_note(OP_CONFIG_READ, SITE, offset, size, value);
	memcpy(to, &value, size);
}

void hp_config_write(struct virtio_device *vdev, unsigned int offset, const void *from, unsigned int size)
{
	u64 value = 0;

	(void)vdev;
	if (offset + size > CONFIG || size > sizeof(value))
		hp_bug("config space is written past its end");
	memcpy(&value, from, size);
	hp_point(OP_CONFIG_WRITE, SITE, offset, size, value);
	hp_note(OP_CONFIG_WRITE, SITE, offset, size, value);
	memcpy(&hp_m->config[offset], &value, size);
}

static void get(struct virtio_device *vdev, unsigned int offset, void *to, unsigned int size)
{
	hp_config_read(vdev, offset, to, size);
}

static void set(struct virtio_device *vdev, unsigned int offset, const void *from, unsigned int size)
{
	hp_config_write(vdev, offset, from, size);
}

const struct virtio_config_ops hp_config_ops = { get, set, reset, find_by_operation, del_vqs };

u32 cpu_to_virtio32(const struct virtio_device *vdev, u32 value)
{
	(void)vdev;
	hp_point(OP_TO_VIRTIO, SITE, value, 0, 0);
	hp_note(OP_TO_VIRTIO, SITE, value, 0, 0);
	return value;
}

u32 virtio32_to_cpu(const struct virtio_device *vdev, u32 value)
{
	(void)vdev;
	hp_point(OP_FROM_VIRTIO, SITE, value, 0, 0);
	return value;
}
