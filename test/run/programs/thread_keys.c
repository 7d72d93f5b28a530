// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pthread keys with destructors, pthread_once, read-write locks and semaphores.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t slots;
static int made, destroyed;
static long shared_value;
static void destroy(void *value) {
  pthread_spin_lock(&spin);
  destroyed += *(int *)value;
  pthread_spin_unlock(&spin);
  free(value);
}
static void make(void) {
  ++made;
  pthread_key_create(&key, destroy);
}
static long read_it(void) {
  pthread_rwlock_rdlock(&lock);
  long value = shared_value;
  pthread_rwlock_unlock(&lock);
  return value;
}
static void write_it(void) {
  pthread_rwlock_wrlock(&lock);
  ++shared_value;
  pthread_rwlock_unlock(&lock);
}
static void *body(void *argument) {
  pthread_once(&once, make);
  int *own = malloc(sizeof *own);
  *own = (int)(size_t)argument;
  pthread_setspecific(key, own);
  for (int i = 0; i < 3000; ++i) {
    sem_wait(&slots);
    write_it();
    if (read_it() <= 0)
      abort();
    sem_post(&slots);
  }
  return pthread_getspecific(key) == own ? argument : NULL;
}
int main(void) {
  pthread_spin_init(&spin, 0);
  sem_init(&slots, 0, 2);
  pthread_t thread[6];
  size_t sum = 0;
  for (size_t i = 0; i < 6; ++i)
    pthread_create(&thread[i], NULL, body, (void *)(i + 1));
  for (size_t i = 0; i < 6; ++i) {
    void *result;
    pthread_join(thread[i], &result);
    sum += (size_t)result;
  }
  printf("%d %d %zu %ld\n", made, destroyed, sum, read_it());
  return 0;
}
