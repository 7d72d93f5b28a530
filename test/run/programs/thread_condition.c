// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A bounded queue with condition variables: two producers, two consumers.
#include <pthread.h>
#include <stdio.h>
enum { capacity = 16, items = 4000 };
static int queue[capacity], head, count, produced, consumed;
static unsigned long sum;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int value_of(int n) { return n % 97 * (n % 31); }
static void *produce(void *unused) {
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (count == capacity)
      pthread_cond_wait(&not_full, &mutex);
    int stop = produced == items;
    if (!stop) {
      queue[(head + count++) % capacity] = value_of(produced++);
      pthread_cond_signal(&not_empty);
    }
    pthread_mutex_unlock(&mutex);
    if (stop)
      return unused;
  }
}
static void *consume(void *unused) {
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (count == 0 && consumed < items)
      pthread_cond_wait(&not_empty, &mutex);
    int stop = consumed == items;
    if (!stop) {
      sum += (unsigned long)queue[head];
      head = (head + 1) % capacity;
      --count;
      if (++consumed == items) {
        pthread_cond_broadcast(&not_empty);
        pthread_cond_broadcast(&not_full);
      }
      pthread_cond_broadcast(&not_full);
    }
    pthread_mutex_unlock(&mutex);
    if (stop)
      return unused;
  }
}
int main(void) {
  pthread_t thread[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&thread[i], NULL, i < 2 ? produce : consume, NULL);
  for (int i = 0; i < 4; ++i)
    pthread_join(thread[i], NULL);
  printf("%d %d %lu\n", produced, consumed, sum);
  return 0;
}
